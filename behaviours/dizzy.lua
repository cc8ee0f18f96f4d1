-- Pick it up or shake it: it gets dizzy. The head sways, less and less, until the world stands still.

local shaken = value "motion.shaken"

-- One swing to the left and one to the right, `part` of the full width.
local function swing(part)
	local pan = param.sway_rad * part
	neck:move { pan = pan, tilt = pan / 3, seconds = param.seconds / 2 }
	neck:move { pan = -pan, tilt = -pan / 3, seconds = param.seconds / 2 }
end

local function sway()
	for _ = 1, param.swings do swing(1) end
	while shaken.value do swing(1) end
	for _, part in ipairs { 0.7, 0.4, 0.2 } do swing(part) end
	neck:move { pan = 0, tilt = 0, seconds = 0.5 }
end

local function flicker()
	for _ in periodic(0.12) do
		light:set { led = 1 }
		sleep(0.06)
		light:set { led = 0 }
	end
end

return behaviour {
	params = {
		sway_rad = { 0.5, min = 0.1, max = 1, unit = "rad", help = "how far the head sways" },
		swings   = { 2, min = 0, max = 10, help = "how often it sways at least" },
		seconds  = { 0.8, min = 0.3, max = 3, unit = "s", help = "how long one swing takes" },
	},

	needs    = { "neck", "light" },
	when     = "motion.shaken or motion.picked_up",
	priority = 50,
	cooldown = 1,

	run = function()
		wait_any(sway, flicker)
		light:set { led = 0 }
	end,

	wind_down = function(why)
		light:set { led = 0 }
		neck:move { pan = 0, tilt = 0, seconds = 0.4 }
	end,
}
