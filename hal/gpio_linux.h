/* GPIO lines of Linux, through libgpiod (1.x or 2.x, hal/gpio_gpiod.h) and the kernel's character devices. */
#ifndef HAL_GPIO_LINUX_H
#define HAL_GPIO_LINUX_H
#include "hal/gpio.h"

/*
 * The chips of this machine. Lines are found by name on any chip, or as "chip:offset", the chip by its
 * node, name, number or label ("gpiochip0:22", "pinctrl-bcm2711:22"). Opening and closing: inside rt_run();
 * error_last() says what is wrong with a line that cannot be had: who uses it, or what is called nearly so.
 *
 * Edges carry the kernel's time stamps (CLOCK_MONOTONIC since Linux 5.7). How many were lost is known with
 * libgpiod 2.x only; with 1.x it is always 0. That the chip has gone is noticed within a second.
 */
struct gpio_provider *gpio_linux_provider(void);

#endif
