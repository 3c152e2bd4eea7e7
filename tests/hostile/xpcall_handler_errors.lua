-- expect: ok
local function h() error("again") end xpcall(error, h)
