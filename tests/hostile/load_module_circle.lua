-- expect: refused
-- run: load
require "circle"
