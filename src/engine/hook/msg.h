/* msg.h - the hook layer's messages, from msg.def */
#ifndef HOOK_MSG_H
#define HOOK_MSG_H

#include "log.h"

#define MSG MSG_STRING
#include "msg.def"
#undef MSG

#endif
