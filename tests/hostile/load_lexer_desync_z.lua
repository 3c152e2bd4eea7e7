-- expect: budget
-- run: load
local s = "\z
   " while true do end local t = ""
