-- expect: budget
local i = 0 while true do i = i + 1 if i % 2 == 0 then goto continue end ::continue:: end
