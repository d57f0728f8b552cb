/*
 * settings.h
 *		What settings our own work depends on: none that others can change.
 */
#ifndef CG_SETTINGS_H
#define CG_SETTINGS_H

/*
 * For a process of ours, before it connects: nothing that is set for its database
 * or role counts, and of postgresql.conf only what cannot make a statement fail or
 * mean something else.
 */
extern void cg_settings_lock(void);

/* After it has connected. */
extern void cg_settings_pin(void);

/* Reads postgresql.conf again, for what counts of it. */
extern void cg_settings_reload(void);

/*
 * In a user's session, for one command of ours: in a GUC nesting level that the
 * caller has begun.
 */
extern void cg_settings_pin_command(void);

#endif							/* CG_SETTINGS_H */
