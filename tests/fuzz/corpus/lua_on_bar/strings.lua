local s = ("k=v, k2=v2"):gsub("(%w+)=(%w+)", "%2=%1")
for a, b in s:gmatch("()(%f[%w]%w+)") do ctx:log("info", a .. b) end
ctx:skip("NIFTY", s:upper():reverse():byte(1, -1))
return tostring(0/0), setmetatable({}, { __index = function(_, k) return k end }).x
