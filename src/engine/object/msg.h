/* msg.h - the messages of this layer, see log.h */
#ifndef MSG_H
#define MSG_H

#include "log.h"

#define MSG MSG_STRING
#include "msg.def"
#undef MSG

#endif
