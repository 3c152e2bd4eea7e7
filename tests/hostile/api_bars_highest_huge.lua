-- expect: ok|error|budget
local b = ctx:bars("NIFTY", "1m") assert(b:highest(1e15) == nil)
