
1.0rates.publishedfinance"
2026-11-23*€‚š×b7
5{"version":"2026-11-23","reference":"USD","rates":[]}