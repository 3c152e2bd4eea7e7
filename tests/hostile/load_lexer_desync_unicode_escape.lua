-- expect: budget
-- run: load
local s = "\u{22}" while true do end local t = "\x22"
