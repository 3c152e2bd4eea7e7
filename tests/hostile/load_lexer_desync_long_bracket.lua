-- expect: budget
-- run: load
local s = [==[ ]=] ]] "]==] while true do end --[[ " ]]
