/* msg.h - the run layer's messages; msg.def has them */
#ifndef RUN_MSG_H
#define RUN_MSG_H

#include "log.h"

#define MSG MSG_STRING
#include "msg.def"
#undef MSG

#endif
