/*
 * tokenlog.h
 *		Keeps tokens out of the server log.
 */
#ifndef CG_TOKENLOG_H
#define CG_TOKENLOG_H

extern void cg_tokenlog_init(void);

#endif							/* CG_TOKENLOG_H */
