-- expect: budget
-- run: load
--[==x [[ 
while true do end --]]
