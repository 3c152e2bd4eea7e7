-- expect: error
return os.time { year = math.huge, month = 1, day = 1 }
