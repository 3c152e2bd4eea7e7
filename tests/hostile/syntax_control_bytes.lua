-- expect: refused
-- The compiler quotes the text at which it stops; a terminal must not obey it.
local t = ("\27[2J\r\0forged" ctx)
