-- expect: refused
-- run: load
error({})
