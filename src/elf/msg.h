/* msg.h - what src/elf says; the texts stand in msg.def */
#ifndef ELF_MSG_H
#define ELF_MSG_H

#include "log.h"

#define MSG MSG_STRING
#include "msg.def"
#undef MSG

#endif
