/* msg.h - what src/btf says; the texts stand in msg.def */
#ifndef BTF_MSG_H
#define BTF_MSG_H

#include "log.h"

#define MSG MSG_STRING
#include "msg.def"
#undef MSG

#endif
