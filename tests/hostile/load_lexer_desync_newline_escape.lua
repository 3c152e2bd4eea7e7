-- expect: budget
-- run: load
local s = "a\
" while true do end local t = "b"
