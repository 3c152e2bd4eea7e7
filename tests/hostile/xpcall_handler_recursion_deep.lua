-- expect: ok
local n = 0 local function h() n = n + 1 if n < 1e4 then xpcall(error, h) end end xpcall(error, h)
