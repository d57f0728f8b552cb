/*
 * settings.h
 *		Settings for our own work, which other roles cannot change.
 */
#ifndef CG_SETTINGS_H
#define CG_SETTINGS_H

/*
 * A process of ours calls this before it connects.  Settings of its database or role then
 * do not count.  Of postgresql.conf only those count that cannot make a statement fail or
 * change its meaning.
 */
extern void cg_settings_lock(void);

/* The same process calls this after it has connected. */
extern void cg_settings_pin(void);

/*
 * A process of ours calls this before it unblocks signals.  From then on ConfigReloadPending
 * says that postgresql.conf must be read, and it says so at once: the server ignores SIGHUP
 * in a worker until here, so a reload since the fork would be lost.
 */
extern void cg_settings_hear_reloads(void);

/* Reads postgresql.conf again, for the settings that count. */
extern void cg_settings_reload(void);

/*
 * Pins settings for one command of ours in a user's session.  The caller has begun a GUC
 * nesting level, and ends it.
 */
extern void cg_settings_pin_command(void);

#endif							/* CG_SETTINGS_H */
