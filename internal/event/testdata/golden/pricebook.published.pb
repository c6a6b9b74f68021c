
1.0pricebook.publishedfinance"
2026-11-01*€‚š×Z9
7{"version":"2026-11-01","currency":"USD","products":[]}