-- expect: error
return os.date(("%c"):rep(200))
