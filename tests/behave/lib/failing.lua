error "it does not load"
