/* SPDX-License-Identifier: GPL-2.0-only */
/* How the statistics line gets from a fio server to its client. The suite uses this too: it stands alone. */
#ifndef SQP_TELL_H
#define SQP_TELL_H

/* The value of stats_file that sends the line to fio's client instead of a file. */
#define SQP_TO_CLIENT "client:"

/* Stands before the line in what the client prints. */
#define SQP_TELL_MARK "sqpoll-stats "

#endif
