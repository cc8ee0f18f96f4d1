/* GPIO lines of Linux, through libgpiod 1.x and the kernel's character devices. */
#ifndef HAL_GPIO_LINUX_H
#define HAL_GPIO_LINUX_H
#include "hal/gpio.h"

/*
 * The chips of this machine. Lines are found by name on any chip, or as "chip:offset", the chip by its
 * node, name, number or label ("gpiochip0:22"). Opening and closing: inside rt_run(); error_last() says
 * what is wrong with a line that cannot be had.
 *
 * Edges carry the kernel's time stamps (CLOCK_MONOTONIC since Linux 5.7). How many were lost this
 * interface does not tell: always 0.
 */
struct gpio_provider *gpio_linux_provider(void);

#endif
