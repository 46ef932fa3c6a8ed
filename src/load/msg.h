/* msg.h - what src/load says; the texts stand in msg.def */
#ifndef LOAD_MSG_H
#define LOAD_MSG_H

#include "log.h"

#define MSG MSG_STRING
#include "msg.def"
#undef MSG

#endif
