"""Pages for people, made before anything is public: each post as its networks will show it, and the kit of words
and links for those who share by hand. Pure but for reading pictures; one file each that needs no network.
"""
