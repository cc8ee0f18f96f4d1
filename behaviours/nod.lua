-- Touch its head: it nods, and its light blinks along.

local function nod()
	for _ = 1, param.times do
		neck:move { tilt = param.depth_rad, seconds = param.seconds / 2 }
		neck:move { tilt = 0, seconds = param.seconds / 2 }
	end
end

local function blink()
	for _ in periodic(0.3) do
		light:set { led = 1 }
		sleep(0.15)
		light:set { led = 0 }
	end
end

local function dark()
	light:set { led = 0 }
end

return behaviour {
	params = {
		times     = { 2, min = 1, max = 5, help = "how often it nods" },
		depth_rad = { 0.35, min = 0.05, max = 0.6, unit = "rad", help = "how deep it nods" },
		seconds   = { 0.6, min = 0.2, max = 3, unit = "s", help = "how long one nod takes" },
	},

	needs    = { "neck", "light" },
	when     = "head.touched",
	priority = 10,

	run = function()
		wait_any(nod, blink)   -- the nodding ends first and ends the blinking
		dark()
	end,

	wind_down = function(why)
		dark()
		neck:move { tilt = 0, seconds = 0.3 }
	end,
}
