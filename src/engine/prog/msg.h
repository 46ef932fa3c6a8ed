/* msg.h - the messages of programs and their runs */
#ifndef PROG_MSG_H
#define PROG_MSG_H

#include "log.h"

#define MSG MSG_STRING
#include "msg.def"
#undef MSG

#endif
