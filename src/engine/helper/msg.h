/* msg.h - the messages of helpers */
#ifndef HELPER_MSG_H
#define HELPER_MSG_H

#include "log.h"

#define MSG MSG_STRING
#include "msg.def"
#undef MSG

#endif
