/* What the orientation filter can be tuned with. */
#ifndef DAEMON_FUSION_VQF_PARAMS_H
#define DAEMON_FUSION_VQF_PARAMS_H

struct vqf_params {
	/* Inclination and heading: faster than this the gyroscope is believed, slower the others. */
	double tau_acc_s;
	double tau_mag_s;

	/* Gyroscope bias. The sigmas say what one measurement of it is worth. */
	double bias_init_rad_s;   /* how large it may be at power-on */
	double bias_forget_s;     /* in this time it wanders by 0.1 deg/s */
	double bias_clip_rad_s;   /* never believed to be larger */
	double bias_motion_rad_s; /* sigma, from the drift of the inclination */
	double bias_vertical; /* how much less is known about the vertical axis in motion, 0..1 */
	double bias_rest_rad_s; /* sigma, at rest */

	/* Rest: both sensors stay for rest_min_s within a threshold of their low-pass filtered selves. */
	double rest_min_s;
	double rest_tau_s;
	double rest_gyr_rad_s;
	double rest_acc_m_s2;

	/* Magnetic disturbance: norm and dip of the field differ from the ones learnt. */
	double mag_current_tau_s; /* smoothing of the present norm and dip */
	double mag_ref_tau_s;     /* smoothing of the reference */
	double mag_norm_ratio; /* how far the norm may be off, as a part of the reference */
	double mag_dip_rad;    /* how far the dip may be off */
	double mag_new_s; /* a new field is believed after so much time in it, in motion ... */
	double mag_new_first_s;   /* ... and the first one after this */
	double mag_new_gyr_rad_s; /* in motion: turning at least as fast */
	double mag_clean_s;       /* undisturbed for so long: the disturbance is over */
	double mag_reject_s;      /* a disturbance is waited out for so long */
	double mag_reject_factor; /* afterwards the field counts so many times less */
};

/* The values of Laidig and Seel 2023, Table 2. */
extern const struct vqf_params vqf_params_default;

#endif
