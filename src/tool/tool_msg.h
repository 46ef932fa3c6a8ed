/* tool_msg.h - the texts of tool_msg.def, for tool_error() */
#ifndef TOOL_MSG_H
#define TOOL_MSG_H

#include "log.h"

#define MSG MSG_STRING
#include "tool_msg.def"
#undef MSG

#endif
