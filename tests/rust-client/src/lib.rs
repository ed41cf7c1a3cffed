//! Nothing: this package is its tests, which need a client that links OpenSSL and nothing else may need.
