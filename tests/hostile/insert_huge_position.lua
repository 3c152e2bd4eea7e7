-- expect: ok|error
local t = { 1 } table.insert(t, 1e15, 1)
