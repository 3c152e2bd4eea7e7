// Nothing of its own: the target whose options the tests' precompiled header is made with.
