/* Chips that are often mistaken for each other, by their addresses and identity registers. */
#include "drivers/ident.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

/* From the data sheets; of chips with 16-bit registers the high byte. */
static const struct known {
	uint8_t first, last; /* addresses */
	uint8_t reg, value;
	const char *name;
} known[] = {
	{0x18, 0x1f, 0x07, 0x04, "MCP9808"},    {0x1c, 0x1e, 0x0f, 0x3d, "LIS3MDL"},
	{0x1e, 0x1e, 0x0a, 0x48, "HMC5883L"},   {0x29, 0x29, 0xc0, 0xee, "VL53L0X"},
	{0x39, 0x39, 0x92, 0xab, "APDS-9960"},  {0x40, 0x4f, 0xfe, 0x54, "INA226"},
	{0x68, 0x69, 0x75, 0x68, "MPU-6050"},   {0x68, 0x69, 0x75, 0x70, "MPU-6500"},
	{0x68, 0x69, 0x75, 0x71, "MPU-9250"},   {0x68, 0x69, 0x75, 0x73, "MPU-9255"},
	{0x68, 0x69, 0x75, 0x12, "ICM-20602"},  {0x68, 0x69, 0x75, 0x98, "ICM-20689"},
	{0x68, 0x69, 0x00, 0xea, "ICM-20948"},  {0x68, 0x69, 0x00, 0xd1, "BMI160"},
	{0x68, 0x69, 0x00, 0x24, "BMI270"},     {0x6a, 0x6b, 0x0f, 0x6c, "LSM6DSO"},
	{0x6a, 0x6b, 0x0f, 0x69, "LSM6DS3"},    {0x6a, 0x6b, 0x0f, 0x6a, "LSM6DSL"},
	{0x6a, 0x6b, 0x0f, 0x6b, "ISM330DHCX"}, {0x76, 0x77, 0xd0, 0x58, "BMP280"},
	{0x76, 0x77, 0xd0, 0x60, "BME280"},     {0x77, 0x77, 0xd0, 0x55, "BMP180"},
};

int ident_refuse(struct i2c_dev *i2c, const char *fmt, ...)
{
	const char *name = "a chip that is not known here";
	char why[96];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	for (size_t i = 0; i < ARRAY_LEN(known); i++) {
		const struct known *k = &known[i];
		uint8_t value;
		int r;

		if (i2c->addr < k->first || i2c->addr > k->last)
			continue;
		r = i2c_read_reg(i2c, k->reg, &value);
		if (r == -ECANCELED)
			return r;
		if (r == 0 && value == k->value) {
			name = k->name;
			break;
		}
	}
	return error_set(-ENODEV, "0x%02x is %s: %s", i2c->addr, name, why);
}

int ident_kept(struct i2c_dev *i2c, uint8_t reg, const uint8_t *want, size_t len)
{
	uint8_t got[IDENT_KEPT_MAX];
	int r;

	assert(len <= sizeof(got));
	r = i2c_read_regs(i2c, reg, got, len);
	if (r < 0)
		return r;
	for (size_t i = 0; i < len; i++)
		if (got[i] != want[i])
			return error_set(-ESTALE,
					 "0x%02x has lost its settings (register 0x%02x "
					 "is 0x%02x, was 0x%02x)",
					 i2c->addr, reg + (unsigned)i, got[i], want[i]);
	return 0;
}
