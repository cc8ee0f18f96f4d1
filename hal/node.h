/* Device nodes that cannot be opened: what to tell the one who has to set it right. */
#ifndef HAL_NODE_H
#define HAL_NODE_H
#include <stddef.h>

/*
 * Give the failure @code (a negative errno) to open the device node @path a text, with error_set():
 * without permission it names the group that has it, its mode and the remedy, where there is no such node those that match the
 * pattern @like ("/dev/i2c-*"), and @hint where there is none at all. Returns @code.
 */
int node_error(const char *path, int code, const char *like, const char *hint);

#endif
