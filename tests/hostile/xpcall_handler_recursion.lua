-- expect: ok
local function h() xpcall(error, h) end xpcall(error, h)
