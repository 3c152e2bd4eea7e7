-- expect: error
return os.date("%c", 0 / 0)
