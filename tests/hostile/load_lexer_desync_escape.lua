-- expect: budget
-- run: load
local s = "\\" while true do end local t = "\""
