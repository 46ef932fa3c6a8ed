/* msg.h - the shim's messages, from msg.def */
#ifndef SHIM_MSG_H
#define SHIM_MSG_H

#include "log.h"

#define MSG MSG_STRING
#include "msg.def"
#undef MSG

#endif
