/* msg.h - what src/isa says; the texts stand in msg.def */
#ifndef ISA_MSG_H
#define ISA_MSG_H

#include "log.h"

#define MSG MSG_STRING
#include "msg.def"
#undef MSG

#endif
