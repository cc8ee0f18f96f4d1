/* Parameters of behaviours: declared in the script, set in the configuration, values of the world. */
#ifndef DAEMON_BEHAVE_BEHAVIOUR_PARAM_H
#define DAEMON_BEHAVE_BEHAVIOUR_PARAM_H
#include <lua.h>

struct behaviour;

/* Read `params` of the declaration, the table at 1. Raises what is wrong in the script. */
void behaviour_read_params(lua_State *L, struct behaviour *b);

/* Define the global `param`: param.distance_m is the parameter's value now. */
void behaviour_open_param(lua_State *L);

#endif
