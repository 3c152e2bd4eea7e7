LJ
-- expect: refused
-- run: load
