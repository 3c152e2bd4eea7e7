-- expect: refused
-- run: load
return 1
