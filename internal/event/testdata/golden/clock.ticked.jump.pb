
1.0clock.tickedticker"t1*º×Øh