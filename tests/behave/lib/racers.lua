-- Tasks of wait_any and move_on_when are called after the script's functions; see behave_dump.c.
local v = AsyncValue(0)

move_on_when(function() v:wait_value("home") end, function()
	wait_any(
		function() v:wait_value(ge(5)) end,
		function() sleep(9) end
	)
end)
