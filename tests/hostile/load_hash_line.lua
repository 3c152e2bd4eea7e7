#!/usr/bin/lua
-- expect: refused
-- run: load
return 1
