local loaded = true
