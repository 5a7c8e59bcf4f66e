"""How sure we may be: closed forms, checks, published numbers, back-tests, the verification pack."""
